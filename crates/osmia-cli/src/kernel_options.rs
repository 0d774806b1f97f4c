//! What is told of the kernel that loads.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use osmia::{Kernel, Loader};

use crate::failure::Failure;

// What is told of the kernel that loads, where it does not tell itself.
#[derive(Args, Default)]
#[command(next_help_heading = "The kernel")]
pub struct KernelOptions {
    /// The kernel's types, where it does not tell them: vmlinux, BTF, or what `osmia btf min` made
    #[arg(long, value_name = "FILE")]
    pub kernel_btf: Option<PathBuf>,
    /// The kernel's configuration, for `__kconfig` externs: text, or compressed with gzip
    #[arg(long, value_name = "FILE")]
    kernel_config: Option<PathBuf>,
    /// Put constants into the instructions, as for kernels before 5.2, which have no global data
    #[arg(long)]
    fold_constants: bool,
}

impl KernelOptions {
    /// The kernel.
    ///
    /// # Errors
    /// It does not tell what it takes to talk to it.
    pub fn kernel(&self) -> Result<Kernel, Failure> {
        self.kernel_with(self.kernel_btf.as_deref())
    }

    /// The kernel, with these types.
    ///
    /// # Errors
    /// As for [`KernelOptions::kernel`].
    pub fn kernel_with(&self, btf: Option<&Path>) -> Result<Kernel, Failure> {
        // They are read when something asks, which may be never.
        for file in btf.into_iter().chain(self.kernel_config.as_deref()) {
            fs::metadata(file)
                .map_err(|error| Failure::because(format!("read {}", file.display()), &error))?;
        }
        let mut kernel = Kernel::builder();
        if let Some(file) = btf {
            kernel = kernel.btf_file(file);
        }
        if let Some(file) = &self.kernel_config {
            kernel = kernel.config_file(file);
        }
        Ok(kernel.build()?)
    }

    /// What loads there.
    pub fn loader(&self, kernel: &Kernel) -> Loader {
        let loader = Loader::new(kernel);
        if self.fold_constants { loader.fold_constants(true) } else { loader }
    }
}
