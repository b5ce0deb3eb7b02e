//! Which handler is meant? The dialects' route tables, put together into one tree.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use http::Method;

use super::answer::Answer;
use super::call::Call;
use super::rates::Class;

/// An answer on its way.
pub type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// One line of a document's table of contents.
#[derive(Clone)]
pub struct Route {
    pub method: Method,
    /// As the document spells it, with `{name}` for what varies.
    pub path: &'static str,
    pub class: Class,
    pub handler: Arc<dyn Fn(Call) -> Answering + Send + Sync>,
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
            handler: Arc::new(move |call| Box::pin(handler(call))),
        }
    }
}

/// A route table: `GET "/api/rooms/{roomId}" => rest::show_room, Api;`
#[macro_export]
macro_rules! routes {
    ($($method:ident $path:literal => $handler:expr, $class:ident;)*) => {
        vec![$($crate::web::routes::Route::new(
            ::http::Method::$method, $path, $crate::web::rates::Class::$class, $handler,
        )),*]
    };
}

/// All routes of a listener, in the order in which its dialects are asked.
pub struct Routes {
    tree: matchit::Router<Vec<Route>>,
}

/// What a path leads to.
pub enum Found<'t> {
    Route(&'t Route, Vec<String>),
    /// The path is known, the method is not: what `Allow` says.
    WrongMethod(String),
    Nothing,
}

impl Routes {
    /// Where two dialects have the same path and method, the earlier one answers.
    pub fn new(tables: impl IntoIterator<Item = Vec<Route>>) -> Self {
        let mut by_path: HashMap<String, Vec<Route>> = HashMap::new();
        for route in tables.into_iter().flatten() {
            let known = by_path.entry(numbered(route.path)).or_default();
            if !known.iter().any(|other| other.method == route.method) {
                known.push(route);
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
    pub fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let Ok(found) = self.tree.at(path) else {
            return Found::Nothing;
        };
        let wanted = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        match found.value.iter().find(|route| route.method == *wanted) {
            Some(route) => Found::Route(
                route,
                found
                    .params
                    .iter()
                    .map(|(_, value)| value.to_owned())
                    .collect(),
            ),
            None => {
                let mut allowed: Vec<_> = found.value.iter().map(|r| r.method.as_str()).collect();
                allowed.sort_unstable();
                Found::WrongMethod(allowed.join(", "))
            }
        }
    }
}

/// Parameters by their position, so that two documents may name them differently.
fn numbered(path: &str) -> String {
    let mut position = 0;
    let segments = path.split('/').map(|segment| {
        if segment.starts_with('{') {
            position += 1;
            format!("{{p{position}}}")
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}
