//! The list of use cases: the public methods of `AuthService` except [`PARTS`], read from the
//! sources by a Rust parser.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    FnArg, GenericArgument, ImplItem, Item, PathArguments, Type, TypeParamBound, Visibility,
};

/// A public method of `AuthService`.
#[derive(Debug, Default)]
pub(crate) struct UseCase {
    /// Whether the method takes the client that sent the request.
    pub(crate) takes_client: bool,
}

/// Public methods that are not use cases: methods that call no port, and methods that are only a
/// step of several use cases.
const PARTS: [&str; 13] = [
    "asked_by",
    "has_authorization_endpoint",
    "new",
    "operator_of_request",
    "pseudonym",
    "require_signed_in",
    "session_of",
    "set_request",
    "settings",
    "ports",
    "bearer",
    "bearer_with_user",
    "device_ticket",
];

/// Every use case by its name.
pub(crate) fn use_cases() -> BTreeMap<String, UseCase> {
    let mut found = BTreeMap::new();
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        let file = syn::parse_file(&text).unwrap_or_else(|why| panic!("{path:?}: {why}"));
        collect(&file.items, &mut found);
    }
    for part in PARTS {
        found.remove(part);
    }
    // Other tests compare their lists with this one. If the parser found nothing, those tests would
    // succeed by mistake.
    assert!(found.len() > 30, "{:?}", found.keys());
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn collect(items: &[Item], found: &mut BTreeMap<String, UseCase>) {
    for item in items {
        match item {
            Item::Mod(module) => {
                if let Some((_, items)) = &module.content {
                    collect(items, found);
                }
            }
            Item::Impl(block)
                if block.trait_.is_none() && is_named(&block.self_ty, "AuthService") =>
            {
                for item in &block.items {
                    if let ImplItem::Fn(method) = item
                        && matches!(method.vis, Visibility::Public(_))
                    {
                        let takes_client = method.sig.inputs.iter().any(
                            |input| matches!(input, FnArg::Typed(input) if is_client(&input.ty)),
                        );
                        let name = method.sig.ident.to_string();
                        found.insert(name, UseCase { takes_client });
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether the type is `&Client` or `impl Into<Caller>`.
fn is_client(of: &Type) -> bool {
    let Type::ImplTrait(into) = of else {
        return is_named(of, "Client");
    };
    into.bounds.iter().any(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return false;
        };
        let arguments = bound.path.segments.last().map(|last| &last.arguments);
        let Some(PathArguments::AngleBracketed(arguments)) = arguments else {
            return false;
        };
        arguments
            .args
            .iter()
            .any(|argument| matches!(argument, GenericArgument::Type(of) if is_named(of, "Caller")))
    })
}

fn is_named(of: &Type, name: &str) -> bool {
    match of {
        Type::Reference(reference) => is_named(&reference.elem, name),
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|segment| segment.ident == name),
        _ => false,
    }
}

/// The names of all methods that a source text calls. Comments and strings are ignored.
pub(crate) fn methods_called(source: &str) -> BTreeSet<String> {
    let tokens: TokenStream = source.parse().unwrap();
    let mut called = BTreeSet::new();
    collect_calls(tokens, &mut called);
    called
}

fn collect_calls(tokens: TokenStream, called: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for window in tokens.windows(3) {
        if let [
            TokenTree::Punct(dot),
            TokenTree::Ident(name),
            TokenTree::Group(_),
        ] = window
            && dot.as_char() == '.'
        {
            called.insert(name.to_string());
        }
    }
    for token in tokens {
        if let TokenTree::Group(group) = token {
            collect_calls(group.stream(), called);
        }
    }
}

#[test]
fn a_use_case_in_a_comment_or_a_string_is_not_a_call() {
    let called =
        methods_called("// w.one()\nlet a = \"w.two()\"; three(); case!(w.four(w.five()))");
    assert_eq!(Vec::from_iter(called), ["five", "four"]);
}
