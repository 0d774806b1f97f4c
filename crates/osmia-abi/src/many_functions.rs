//! Tracing programs that are for many functions.

use crate::generated::attach_type::AttachType;

impl AttachType {
    /// Whether such tracing programs are for many functions (`fentry.multi` and its siblings), which are told when
    /// they are attached and not at load.
    ///
    /// # Examples
    /// ```
    /// use osmia_abi::AttachType;
    ///
    /// assert!(AttachType::TRACE_FEXIT_MULTI.is_for_many_functions());
    /// assert!(!AttachType::TRACE_FEXIT.is_for_many_functions());
    /// ```
    #[must_use]
    pub const fn is_for_many_functions(self) -> bool {
        matches!(
            self,
            Self::TRACE_FENTRY_MULTI | Self::TRACE_FEXIT_MULTI | Self::TRACE_FSESSION_MULTI
        )
    }
}
