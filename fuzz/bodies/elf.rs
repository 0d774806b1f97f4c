//! What must hold for any bytes that are read as an object.
//!
//! The fuzz target runs this, and so does a test of `osmia-object` with damaged objects.

use osmia_object::{LinkedProgram, ObjectSpec, Target};

/// Reads bytes as an object, links all its programs and looks at all its variables.
pub fn check(bytes: &[u8]) {
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    let mut spec = match ObjectSpec::parse("object", bytes) {
        Ok(spec) => spec,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    for (name, program) in &spec.programs {
        assert_eq!(&program.name, name);
        match spec.link(name) {
            Ok(linked) => walk(&spec, &linked),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    for (name, map) in &spec.maps {
        assert_eq!(&map.name, name);
        assert!(map.contents.len() <= map.value_size as usize);
    }
    for (name, variable) in &spec.variables {
        let found = spec.variable(name).expect("a variable that was read lies in its section");
        assert_eq!(found.spec(), variable);
        assert!(!found.ty().title().is_empty());
    }
    set_near(&mut spec);
}

fn walk(spec: &ObjectSpec, linked: &LinkedProgram) {
    let len = linked.insns.len() as u32;
    assert_eq!(linked.functions.iter().map(|function| function.len).sum::<u32>(), len);
    for slot in 0..len {
        let function = linked.function_at(slot).expect("every slot is of a function");
        let line = linked.line_at(slot);
        assert!(line.is_none_or(|line| line.at >= function.start && line.at <= slot));
    }
    assert!(linked.lines.iter().all(|line| line.at < len));
    assert!(linked.core.iter().all(|relocation| relocation.at < len));
    assert!(linked.relocations.is_sorted_by(|a, b| a.at < b.at));
    for relocation in &linked.relocations {
        assert!(relocation.at < len);
        match &relocation.target {
            Target::Map(map) | Target::MapValue { map, .. } => assert!(spec.maps.contains_key(map)),
            Target::Extern(name) => assert!(spec.externs.contains_key(name)),
            Target::JumpTable { table, .. } => {
                let table = linked.jump_tables.get(*table as usize).expect("the program has it");
                assert!(table.places.iter().all(|place| *place < len));
            }
            other => panic!("{other:?} is left after linking"),
        }
    }
}

/// Sets the variables that lie near enough to their section's start to cost little.
fn set_near(spec: &mut ObjectSpec) {
    let near = |variable: &&osmia_object::VariableSpec| {
        variable.offset < 1 << 16 && variable.size < 1 << 16
    };
    let names: Vec<_> = spec.variables.values().filter(near).take(16).cloned().collect();
    for variable in names {
        let bytes = vec![0x5a; variable.size as usize];
        spec.set_bytes(&variable.name, &bytes).expect("it has the size that it says");
        let found = spec.variable(&variable.name).expect("it is still there");
        assert_eq!(*found.bytes(), bytes);
    }
}
