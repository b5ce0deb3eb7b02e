//! Which handler answers a request? The dialects' route tables, merged into one tree.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use http::Method;

use super::answer::Answer;
use super::call::Call;
use super::rates::Class;

/// The running handler.
pub type AnswerFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// One line of a document's table of contents.
#[derive(Clone)]
pub struct Route {
    pub method: Method,
    /// As the document spells it, with `{name}` for a parameter.
    pub path: &'static str,
    pub class: Class,
    /// If two documents share a path and a method: is this request meant for this document?
    pub meant: Option<fn(&Call) -> bool>,
    pub handler: Arc<dyn Fn(Call) -> AnswerFuture + Send + Sync>,
}

impl Route {
    pub fn new<F, Fut>(method: Method, path: &'static str, class: Class, handler: F) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        Self {
            method,
            path,
            class,
            meant: None,
            handler: Arc::new(move |call| Box::pin(handler(call))),
        }
    }
}

impl Route {
    /// The same route, only for requests that `meant` accepts.
    pub fn when(mut self, meant: fn(&Call) -> bool) -> Self {
        self.meant = Some(meant);
        self
    }
}

/// A route table: `GET "/api/rooms/{roomId}" => rest::show_room, Api;`, with `, when is_meant` if two documents share
/// a path.
#[macro_export]
macro_rules! routes {
    ($($method:ident $path:literal => $handler:expr, $class:ident $(, when $meant:expr)?;)*) => {
        vec![$($crate::web::routes::Route::new(
            ::http::Method::$method, $path, $crate::web::rates::Class::$class, $handler,
        )$(.when($meant))?),*]
    };
}

/// All routes of a listener, in the order in which its dialects are asked.
pub struct Routes {
    tree: matchit::Router<Vec<Route>>,
}

/// What a method and a path lead to.
pub enum RouteMatch<'t> {
    /// The routes that share the path and the method, in the order in which they are asked, and the values of their `{name}`s.
    Routes(Vec<&'t Route>, Vec<String>),
    /// The path has no such method; with the value of `Allow`.
    WrongMethod(String),
    /// The path is not known, but it is without the slash at its end.
    TrailingSlash,
    NotFound,
}

impl Routes {
    /// Merges the tables, in the order in which they are asked. On its own port a dialect answers a shared path without
    /// asking whether the request is meant for it.
    pub fn new(tables: impl IntoIterator<Item = Vec<Route>>, own_port: bool) -> Self {
        let mut by_path: HashMap<String, Vec<Route>> = HashMap::new();
        for (at, table) in tables.into_iter().enumerate() {
            for mut route in table {
                if at == 0 && own_port {
                    route.meant = None;
                }
                by_path.entry(numbered(route.path)).or_default().push(route);
            }
        }
        let mut tree = matchit::Router::new();
        for (path, routes) in by_path {
            tree.insert(&path, routes)
                .expect("numbered parameters cannot conflict");
        }
        Self { tree }
    }

    /// Looks up a method and a path; HEAD is answered by the routes of GET.
    pub fn find(&self, method: &Method, path: &str) -> RouteMatch<'_> {
        let Ok(found) = self.tree.at(path) else {
            let shorter = path.strip_suffix('/').filter(|rest| !rest.ends_with('/'));
            return match shorter.is_some_and(|path| self.tree.at(path).is_ok()) {
                true => RouteMatch::TrailingSlash,
                false => RouteMatch::NotFound,
            };
        };
        let wanted = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let routes: Vec<_> = found
            .value
            .iter()
            .filter(|route| route.method == *wanted)
            .collect();
        if routes.is_empty() {
            let mut allowed: Vec<_> = found.value.iter().map(|r| r.method.as_str()).collect();
            allowed.sort_unstable();
            allowed.dedup();
            return RouteMatch::WrongMethod(allowed.join(", "));
        }
        RouteMatch::Routes(
            routes,
            found
                .params
                .iter()
                .map(|(_, value)| value.to_owned())
                .collect(),
        )
    }
}

/// The path with numbered parameters, so that two documents may name them differently. `{*name}` is the rest of the path.
fn numbered(path: &str) -> String {
    let mut position = 0;
    let segments = path.split('/').map(|segment| {
        if let Some(name) = segment.strip_prefix('{') {
            position += 1;
            let rest = if name.starts_with('*') { "*" } else { "" };
            format!("{{{rest}p{position}}}")
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}
