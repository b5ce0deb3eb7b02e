//! Which handler is meant? The dialects' route tables, put together into one tree.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use http::Method;

use super::answer::Answer;
use super::call::Call;
use super::rates::Class;

/// An answer on its way.
pub type AnswerFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// One line of a document's table of contents.
#[derive(Clone)]
pub struct Route {
    pub method: Method,
    /// As the document spells it, with `{name}` for what varies.
    pub path: &'static str,
    pub class: Class,
    /// Where two documents share a path and a method: is this request meant for this one?
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
    /// The same route, for requests of which this is true.
    pub fn when(mut self, meant: fn(&Call) -> bool) -> Self {
        self.meant = Some(meant);
        self
    }
}

/// A route table: `GET "/api/rooms/{roomId}" => rest::show_room, Api;`, with `, when is_meant` where two documents share
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

/// What a path leads to.
pub enum RouteMatch<'t> {
    /// One route, or those that share the path and the method, and what stands where they have a `{name}`.
    Routes(Vec<&'t Route>, Vec<String>),
    /// The path is known, the method is not: what `Allow` says.
    WrongMethod(String),
    /// Nothing; but the path without the slash at its end is known.
    TrailingSlash,
    NotFound,
}

impl Routes {
    /// The routes of all dialects, the tables in the order in which they are asked. On its own port a dialect answers
    /// what it shares with another one without being asked whether it is meant.
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

    /// HEAD is answered by what answers GET.
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

/// Parameters by their position, so that two documents may name them differently. `{*name}` is the rest of the path.
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
