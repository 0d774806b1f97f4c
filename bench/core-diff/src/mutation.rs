//! A kernel whose types differ a little from the one given, as kernels do.

use std::collections::HashSet;

use bytes::Bytes;
use osmia_btf::{Btf, Kind, Type, essential_name};

/// One round of changes, the same for the same number.
pub struct Mutation {
    state: u64,
}

impl Mutation {
    pub fn new(round: u64) -> Self {
        Self { state: round.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1) }
    }

    /// Changes types of `kernel` that have names which `local` uses; what a parser
    /// checks stays right.
    pub fn of(&mut self, kernel: &[u8], local: &Btf) -> Vec<u8> {
        let btf = Btf::parse(Bytes::copy_from_slice(kernel), None).expect("the kernel's BTF");
        let essential = |ty: &Type<'_>| essential_name(ty.name().as_bytes()).to_vec();
        let names: HashSet<Vec<u8>> =
            local.types().expect("types").map(|ty| essential(&ty.expect("a type"))).collect();
        let mut bytes = kernel.to_vec();
        let section = kernel
            .windows(btf.own_type_section().len())
            .position(|window| window == btf.own_type_section())
            .expect("a type section");
        let start = btf.own_type_section().as_ptr() as usize;
        let tail = |ty: &Type<'_>| section + (ty.tail().as_ptr() as usize - start);
        let types: Vec<Type<'_>> = btf.types().expect("types").map(|ty| ty.expect("ok")).collect();
        let is_used = |ty: &&Type<'_>| !ty.name().is_empty() && names.contains(&essential(ty));
        let used: Vec<&Type<'_>> = types.iter().filter(is_used).collect();
        for ty in &types {
            let composite = matches!(ty.kind(), Kind::Struct | Kind::Union | Kind::Enum);
            if composite && self.one_in(500) && !used.is_empty() {
                // Now there are two types of a name that is used.
                let other = used[self.next() as usize % used.len()];
                bytes.copy_within(tail(other) - 12..tail(other) - 8, tail(ty) - 12);
            }
            let scalar = matches!(ty.kind(), Kind::Int | Kind::Array) && self.one_in(50);
            if scalar || is_used(&ty) {
                self.change(&mut bytes, ty, tail(ty), types.len() as u32);
            }
        }
        bytes
    }

    /// Changes one record, whose tail is at `at`.
    fn change(&mut self, bytes: &mut [u8], ty: &Type<'_>, at: usize, count: u32) {
        let width = match ty.kind() {
            Kind::Struct | Kind::Union | Kind::Enum64 => 12,
            Kind::Enum => 8,
            Kind::Int => return self.change_int(bytes, at),
            Kind::Array => return put(bytes, at + 8, self.next() as u32 % 5),
            _ => return,
        };
        if self.one_in(8) {
            put(bytes, at - 4, [1, 2, 4, 8, 64][self.next() as usize % 5]);
        }
        let len = ty.vlen() as usize;
        for index in 0..len {
            if !self.one_in(6) {
                continue;
            }
            let element = at + index * width;
            let other = at + self.next() as usize % len * width;
            // libbpf takes the type of whatever is a bitfield for an integer.
            let integer = is_integer(ty, index);
            match (self.next() % 5, ty.is_composite()) {
                // The name of another one, or none.
                (0, _) => bytes.copy_within(other..other + 4, element),
                (1, true) => put(bytes, element, 0),
                (2 | 4, true) if ty.flag() && !integer => {}
                (2, true) if ty.flag() => bytes[element + 11] = 0,
                (2, true) if self.one_in(2) => put(bytes, element + 4, self.next() as u32 % count),
                (2, true) => bytes.copy_within(other + 4..other + 8, element + 4),
                (3, true) => {
                    let place = get(bytes, element + 8);
                    let moved = place.wrapping_add(self.next() as u32 % 640) & 0x3f_ffff;
                    put(bytes, element + 8, moved | place & 0xff00_0000);
                }
                (4, true) if ty.flag() => bytes[element + 11] = (self.next() % 70) as u8,
                (_, false) => put(bytes, element + 4, self.next() as u32 >> (self.next() % 32)),
                _ => {}
            }
        }
    }

    /// Another sign, size, or place of the first bit.
    fn change_int(&mut self, bytes: &mut [u8], at: usize) {
        match self.next() % 3 {
            0 => bytes[at + 3] ^= 1,
            // Fewer bits than the bytes have would be an old-style bitfield, of which
            // libbpf reads the whole integer.
            1 => {
                let size = 1 << (self.next() % 4);
                put(bytes, at - 4, size);
                bytes[at] = (size * 8) as u8;
            }
            _ => bytes[at + 2] = 3,
        }
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.next() % count == 0
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }
}

fn is_integer(ty: &Type<'_>, index: usize) -> bool {
    let member = ty.member_at(index as u32).and_then(Result::ok);
    member
        .and_then(|member| ty.btf().resolve(member.ty).ok())
        .is_some_and(|ty| ty.kind() == Kind::Int || ty.is_enum())
}

fn get(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
}
