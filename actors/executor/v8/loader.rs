//! Finds modules in an app's own files, and nowhere else.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use deno_core::error::ModuleLoaderError;
use deno_core::{
    ModuleLoadOptions, ModuleLoadReferrer, ModuleLoadResponse, ModuleLoader, ModuleSource,
    ModuleSourceCode, ModuleSpecifier, ModuleType, RequestedModuleType, ResolutionKind,
    SourceCodeCacheInfo,
};

use super::bridge::{Bridge, SCHEME};
use crate::executor::code::Code;

/// The loader of one isolate; empty-handed until the isolate has an app.
pub(super) struct Loader {
    bridge: Rc<Bridge>,
}

impl Loader {
    pub(super) fn new(bridge: Rc<Bridge>) -> Loader {
        Loader { bridge }
    }

    fn code(&self) -> Result<std::sync::Arc<Code>, ModuleLoaderError> {
        let tenant = self.bridge.tenant.borrow();
        let tenant = tenant.as_ref().ok_or_else(|| refused("the isolate serves no app yet"))?;
        Ok(std::sync::Arc::clone(&tenant.code))
    }

    fn source(
        &self,
        specifier: &ModuleSpecifier,
        wanted: &RequestedModuleType,
    ) -> Result<ModuleSource, ModuleLoaderError> {
        let code = self.code()?;
        let file = file_of(specifier)?;
        let is_json = file.ends_with(".json");
        if is_json || matches!(wanted, RequestedModuleType::Json) {
            let bytes = code.bundle.bytes(&file).ok_or_else(|| missing(&file))?;
            let text = String::from_utf8_lossy(bytes).into_owned();
            let source = ModuleSourceCode::String(text.into());
            return Ok(ModuleSource::new(ModuleType::Json, source, specifier, None));
        }
        let script = code.bundle.script(&file).map_err(|error| refused(&error.to_string()))?;
        let kept = code.compiled(&module_key(&file));
        let cache = SourceCodeCacheInfo {
            // Kept for one release, whose sources never change.
            hash: 0,
            data: kept.map(|bytes| Cow::Owned(bytes.to_vec())),
        };
        let source = ModuleSourceCode::String(script.code.clone().into());
        Ok(ModuleSource::new(ModuleType::JavaScript, source, specifier, Some(cache)))
    }
}

/// A file may be compiled as a module and as a function; the forms differ.
fn module_key(file: &str) -> String {
    format!("module {file}")
}

impl ModuleLoader for Loader {
    fn resolve(
        &self,
        specifier: &str,
        referrer: &str,
        _kind: ResolutionKind,
    ) -> Result<ModuleSpecifier, ModuleLoaderError> {
        // The prelude asks for the file itself.
        let file = match specifier.strip_prefix(SCHEME) {
            Some(file) => file.to_owned(),
            None => {
                let from = referrer.strip_prefix(SCHEME).unwrap_or("api/");
                let code = self.code()?;
                code.bundle
                    .resolve(specifier, from)
                    .map_err(|error| ModuleLoaderError::type_error(error.to_string()))?
            }
        };
        let mut url = ModuleSpecifier::parse(SCHEME)
            .map_err(|error| ModuleLoaderError::type_error(error.to_string()))?;
        url.set_path(&format!("/{file}"));
        Ok(url)
    }

    fn load(
        &self,
        specifier: &ModuleSpecifier,
        _referrer: Option<&ModuleLoadReferrer>,
        options: ModuleLoadOptions,
    ) -> ModuleLoadResponse {
        ModuleLoadResponse::Sync(self.source(specifier, &options.requested_module_type))
    }

    fn code_cache_ready(
        &self,
        specifier: ModuleSpecifier,
        _hash: u64,
        compiled: &[u8],
    ) -> Pin<Box<dyn Future<Output = ()>>> {
        if let (Ok(code), Ok(file)) = (self.code(), file_of(&specifier)) {
            code.keep_compiled(&module_key(&file), compiled);
        }
        Box::pin(std::future::ready(()))
    }
}

/// The file that a module's address names.
fn file_of(specifier: &ModuleSpecifier) -> Result<String, ModuleLoaderError> {
    let path = specifier.path().trim_start_matches('/');
    let path = percent_encoding::percent_decode_str(path).decode_utf8();
    path.map(Cow::into_owned).map_err(|_| refused("the module's name is no UTF-8"))
}

fn missing(file: &str) -> ModuleLoaderError {
    refused(&format!("there is no file {file}"))
}

fn refused(message: &str) -> ModuleLoaderError {
    ModuleLoaderError::type_error(message.to_owned())
}
