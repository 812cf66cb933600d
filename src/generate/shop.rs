//! The business itself: its goods, its site, its telephone numbers.

/// What is sold.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// Its category.
    pub category: &'static str,
    /// The median amount, in roubles.
    pub median: f64,
    /// The deviation of the amount's logarithm.
    pub sigma: f64,
    /// The share of the amount that is left after the goods are paid.
    pub margin: f64,
    /// Its share of the sales, in parts.
    pub weight: f64,
}

/// What is bought on the site.
pub const SHOP: [Product; 3] = [
    product("sofas", 42_000.0, 0.35, 0.38, 0.32),
    product("mattresses", 24_000.0, 0.30, 0.42, 0.40),
    product("lamps", 6_500.0, 0.50, 0.45, 0.28),
];
/// What is sold by managers.
pub const PROJECTS: [Product; 2] = [
    product("wardrobes", 78_000.0, 0.40, 0.36, 0.65),
    product("kitchens", 150_000.0, 0.40, 0.33, 0.35),
];

const fn product(
    category: &'static str,
    median: f64,
    sigma: f64,
    margin: f64,
    weight: f64,
) -> Product {
    Product {
        category,
        median,
        sigma,
        margin,
        weight,
    }
}

/// Search terms that advertisements were shown for.
pub const TERMS: [&str; 8] = [
    "buy a sofa",
    "corner sofa",
    "kitchen to measure",
    "orthopaedic mattress",
    "wardrobe to measure",
    "sofa bed price",
    "homeline furniture",
    "floor lamp",
];
/// Pages that visits begin on.
pub const LANDINGS: [&str; 8] = [
    "/",
    "/catalog/sofas",
    "/catalog/mattresses",
    "/catalog/lamps",
    "/projects/kitchens",
    "/projects/wardrobes",
    "/sale",
    "/blog/how-to-choose-a-sofa",
];
/// Where visits go on, before any product page.
pub const PAGES: [&str; 6] = [
    "/delivery",
    "/contacts",
    "/catalog/sofas",
    "/catalog/mattresses",
    "/about",
    "/reviews",
];
/// The site.
pub const SITE: &str = "https://www.homeline.example";
/// Where clients pay; its host is among the default excluded referrers.
pub const PAYMENT_PAGE: &str = "https://yookassa.ru/checkout/payments/v2/contract";
/// Browsers.
pub const AGENTS: [&str; 6] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 YaBrowser/25.10.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
];

/// What the printed numbers are printed on, in the order of their sources.
/// A configuration may give them a source of their own (`tenants.*.numbers`).
pub const PRINTED: [(&str, &str); 2] =
    [("+74951200101", "newspaper"), ("+74951200102", "billboard")];
/// The office's number, for whoever was not shown another one.
pub const OFFICE: &str = "+74951200100";
/// The first number of the pool for dynamic call tracking.
pub const POOL_FIRST: i64 = 74_992_000_000;
