//! The caches of a processor.

/// A cache of the processor's (`PERF_COUNT_HW_CACHE_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cache {
    /// The first level's, of data.
    L1Data,
    /// The first level's, of instructions.
    L1Instructions,
    /// The last level's.
    LastLevel,
    /// The translations of data's addresses.
    DataTlb,
    /// The translations of instructions' addresses.
    InstructionTlb,
    /// The predictions of branches.
    BranchPredictor,
    /// The memory of this node, for machines of several.
    Node,
}

/// How a cache is used (`PERF_COUNT_HW_CACHE_OP_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheUse {
    /// Something is read.
    Read,
    /// Something is written.
    Write,
    /// Something is fetched before it is wanted.
    Prefetch,
}

/// What comes of it (`PERF_COUNT_HW_CACHE_RESULT_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheOutcome {
    /// Whatever comes of it.
    Any,
    /// It was not there.
    Miss,
}

/// All three as one number.
pub(crate) const fn config(cache: Cache, used: CacheUse, outcome: CacheOutcome) -> u64 {
    let cache = match cache {
        Cache::L1Data => 0,
        Cache::L1Instructions => 1,
        Cache::LastLevel => 2,
        Cache::DataTlb => 3,
        Cache::InstructionTlb => 4,
        Cache::BranchPredictor => 5,
        Cache::Node => 6,
    };
    let used = match used {
        CacheUse::Read => 0,
        CacheUse::Write => 1,
        CacheUse::Prefetch => 2,
    };
    let outcome = match outcome {
        CacheOutcome::Any => 0,
        CacheOutcome::Miss => 1,
    };
    cache | used << 8 | outcome << 16
}

#[cfg(test)]
mod tests {
    use super::{Cache, CacheOutcome, CacheUse, config};

    #[test]
    fn numbers_are_as_perf_stat_has_them() {
        let misses = config(Cache::LastLevel, CacheUse::Read, CacheOutcome::Miss);
        assert_eq!(misses, 0x1_0002, "LLC-load-misses");
        let stores = config(Cache::L1Data, CacheUse::Write, CacheOutcome::Any);
        assert_eq!(stores, 0x100, "L1-dcache-stores");
    }
}
