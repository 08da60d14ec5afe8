//! Walks the syntax tree of a file.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Visibility};

use super::{Function, Source};

/// Fills in what the syntax tree tells.
pub(super) fn measure(source: Source, file: &syn::File) -> Source {
    let mut walk = Walk { source, tests: 0 };
    walk.visit_file(file);
    walk.source
}

struct Walk {
    source: Source,
    /// How many items for tests only we are inside of.
    tests: usize,
}

impl Walk {
    /// Visits an item, marking its lines when it is for tests only.
    fn inside(
        &mut self,
        attributes: &[Attribute],
        item: &impl Spanned,
        go: impl FnOnce(&mut Self),
    ) {
        let test = attributes.iter().any(is_test);
        if test {
            let span = item.span();
            self.source.mark_test(span.start().line, span.end().line);
            self.tests += 1;
        }
        go(self);
        if test {
            self.tests -= 1;
        }
    }

    fn function(&mut self, signature: &syn::Signature, end: usize) {
        let line = signature.span().start().line;
        let name = signature.ident.to_string();
        let test = self.tests > 0;
        self.source.functions.push(Function {
            name,
            line,
            length: end + 1 - line,
            test,
        });
    }

    fn item(&mut self, visibility: &Visibility, attributes: &[Attribute], name: &syn::Ident) {
        if matches!(visibility, Visibility::Public(_)) {
            self.public(attributes, &name.to_string(), name.span().start().line);
        }
    }

    fn public(&mut self, attributes: &[Attribute], name: &str, line: usize) {
        if self.tests > 0 {
            return;
        }
        self.source.public += 1;
        if !attributes
            .iter()
            .any(|attribute| attribute.path().is_ident("doc"))
        {
            self.source.undocumented.push((name.to_owned(), line));
        }
    }

    fn fields(&mut self, fields: &syn::Fields) {
        for field in fields {
            if let Some(name) = &field.ident {
                self.item(&field.vis, &field.attrs, name);
            }
        }
    }

    fn panics(&mut self, line: usize) {
        if self.tests == 0 {
            self.source.panics.push(line);
        }
    }
}

impl<'ast> Visit<'ast> for Walk {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let name = item.ident.to_string();
        if item.content.is_none() && item.attrs.iter().any(is_test) {
            self.source.test_modules.push(name.clone());
        }
        self.source.modules.push(name);
        self.inside(&item.attrs, item, |walk| visit::visit_item_mod(walk, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.inside(&item.attrs, item, |walk| {
            walk.item(&item.vis, &item.attrs, &item.sig.ident);
            walk.function(&item.sig, item.block.span().end().line);
            visit::visit_item_fn(walk, item);
        });
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.inside(&item.attrs, item, |walk| visit::visit_item_impl(walk, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.inside(&item.attrs, item, |walk| {
            walk.item(&item.vis, &item.attrs, &item.sig.ident);
            walk.function(&item.sig, item.block.span().end().line);
            visit::visit_impl_item_fn(walk, item);
        });
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.item(&item.vis, &item.attrs, &item.ident);
        let mut methods = 0;
        for part in &item.items {
            let syn::TraitItem::Fn(method) = part else {
                continue;
            };
            methods += 1;
            if matches!(item.vis, Visibility::Public(_)) {
                let name = method.sig.ident.to_string();
                self.public(&method.attrs, &name, method.sig.span().start().line);
            }
            if let Some(block) = &method.default {
                self.function(&method.sig, block.span().end().line);
            }
        }
        self.source.traits.push((item.ident.to_string(), methods));
        visit::visit_item_trait(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.inside(&item.attrs, item, |walk| {
            walk.item(&item.vis, &item.attrs, &item.ident);
            if matches!(item.vis, Visibility::Public(_)) {
                walk.fields(&item.fields);
            }
            visit::visit_item_struct(walk, item);
        });
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.item(&item.vis, &item.attrs, &item.ident);
        if matches!(item.vis, Visibility::Public(_)) {
            for variant in &item.variants {
                let line = variant.ident.span().start().line;
                self.public(&variant.attrs, &variant.ident.to_string(), line);
            }
        }
        visit::visit_item_enum(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.item(&item.vis, &item.attrs, &item.ident);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.inside(&item.attrs, item, |walk| {
            walk.item(&item.vis, &item.attrs, &item.ident);
            visit::visit_item_const(walk, item);
        });
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.item(&item.vis, &item.attrs, &item.ident);
        visit::visit_item_static(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let conditional = attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr");
        if conditional
            && attribute
                .meta
                .require_list()
                .is_ok_and(|list| names(&list.tokens, "feature"))
        {
            self.source.gates.push(attribute.span().start().line);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        // methods of ours with these names take other arguments
        let arguments = call.args.len();
        if call.method == "unwrap" && arguments == 0 || call.method == "expect" && arguments == 1 {
            self.panics(call.method.span().start().line);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let line = call.span().start().line;
        let is = |name: &str| {
            call.path
                .segments
                .last()
                .is_some_and(|last| last.ident == name)
        };
        if ["panic", "unreachable", "todo", "unimplemented"]
            .iter()
            .any(|name| is(name))
        {
            self.panics(line);
        }
        if is("cfg") && names(&call.tokens, "feature") {
            self.source.gates.push(line);
        }
        visit::visit_macro(self, call);
    }
}

/// Tells whether an attribute makes an item one for tests: `#[cfg(test)]`, `#[test]`, `#[tokio::test]`.
fn is_test(attribute: &Attribute) -> bool {
    if attribute.path().is_ident("cfg") {
        let list = attribute.meta.require_list();
        return list.is_ok_and(|list| names(&list.tokens, "test") && !names(&list.tokens, "not"));
    }
    attribute
        .path()
        .segments
        .last()
        .is_some_and(|last| last.ident == "test")
}

/// Tells whether a word stands anywhere in the tokens.
fn names(tokens: &TokenStream, word: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => names(&group.stream(), word),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
