//! The addresses of the dashboard's pages.

use throughline_dashboard::view::View;

/// The query of an address is a view or an error; a view that is printed and
/// read again is the same.
pub fn view(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    let Ok(view) = View::parse(&query) else {
        return;
    };
    let printed = view.query();
    let query = printed.strip_prefix('?').unwrap_or(&printed);
    assert_eq!(View::parse(query).as_ref(), Ok(&view), "{printed}");
}
