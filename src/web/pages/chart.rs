//! Small pictures of figures. Each stands beside the figures themselves: nothing is told by it alone.

use askama::Template;

/// A line over time.
#[derive(Template)]
#[template(path = "spark.html", config = "src/web/askama.toml")]
pub(super) struct Spark {
    label: String,
    path: String,
}

const WIDTH: i64 = 600;
const HEIGHT: i64 = 80;

impl Spark {
    /// The points `(x, y)` within these ranges; what lies outside is drawn at the edge.
    pub(super) fn new(
        label: String,
        points: &[(i64, i64)],
        across: (i64, i64),
        up: (i64, i64),
    ) -> Self {
        let place = |value: i64, (low, high): (i64, i64), size: i64| {
            let span = (high - low).max(1);
            (value.clamp(low, high) - low).saturating_mul(size) / span
        };
        let mut path = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            let step = if index == 0 { 'M' } else { 'L' };
            let (x, y) = (place(*x, across, WIDTH), HEIGHT - place(*y, up, HEIGHT));
            path.push_str(&format!("{step}{x} {y}"));
        }
        Self { label, path }
    }
}

/// Bars side by side, one a day.
#[derive(Template)]
#[template(path = "bars.html", config = "src/web/askama.toml")]
pub(super) struct Bars {
    label: String,
    width: usize,
    bars: Vec<Bar>,
}

/// One bar: two figures, one upon the other.
struct Bar {
    x: usize,
    lower: u64,
    upper: u64,
    title: String,
}

impl Bars {
    /// Bars of `(title, lower, upper)`.
    pub(super) fn new(label: String, figures: &[(String, u64, u64)]) -> Self {
        let most = figures.iter().map(|(_, a, b)| a + b).max().unwrap_or(0).max(1);
        let size = |figure: u64| {
            let scaled = figure.saturating_mul(100) / most;
            if figure > 0 { scaled.max(1) } else { 0 }
        };
        let bar = |(index, (title, lower, upper)): (usize, &(String, u64, u64))| Bar {
            x: index * 10,
            lower: size(*lower),
            upper: size(*upper),
            title: title.clone(),
        };
        Self {
            label,
            width: figures.len() * 10,
            bars: figures.iter().enumerate().map(bar).collect(),
        }
    }
}

impl Bar {
    fn lower_y(&self) -> u64 {
        100_u64.saturating_sub(self.lower)
    }

    fn upper_y(&self) -> u64 {
        self.lower_y().saturating_sub(self.upper)
    }
}
