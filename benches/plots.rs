//! Draws what the other benchmarks have measured: how cost grows with the number of objects and of classes.
//! `cargo bench -p reload-benches --bench plots`, after the benchmarks whose results it draws.
//!
//! A plot without measurements is left out, so that a benchmark may add its own here before it is run everywhere.

mod support;

use plotters::prelude::*;
use std::{error::Error, path::Path};
use support::contest::{Record, measurements};

/// One drawing.
struct Plot {
    /// Its file's name, without the ending.
    file: &'static str,
    caption: &'static str,
    /// The benchmark, and which of its tables; every column of them is a point.
    topic: &'static str,
    titles: &'static [&'static str],
    /// What stands on the horizontal axis: the column's number, or the number that the title starts with.
    across: Across,
    per: &'static str,
}

#[derive(Clone, Copy)]
enum Across {
    Objects,
    Classes,
}

const PLOTS: [Plot; 10] = [
    Plot {
        file: "broadcast-objects",
        caption: "One event to all objects of 8 classes",
        topic: "broadcast",
        titles: &["8 classes, 64 bytes, all listen"],
        across: Across::Objects,
        per: "an object",
    },
    Plot {
        file: "broadcast-classes",
        caption: "One event to all of 100000 objects",
        topic: "broadcast",
        titles: &[
            "1 class, 64 bytes, all listen",
            "8 classes, 64 bytes, all listen",
            "64 classes, 64 bytes, all listen",
        ],
        across: Across::Classes,
        per: "an object",
    },
    Plot {
        file: "targeted-objects",
        caption: "One event to one object of 8 classes, at random",
        topic: "targeted",
        titles: &["8 classes, 64 bytes"],
        across: Across::Objects,
        per: "a delivery",
    },
    Plot {
        file: "targeted-classes",
        caption: "One event to one of 100000 objects, at random",
        topic: "targeted",
        titles: &["1 class, 64 bytes", "8 classes, 64 bytes", "64 classes, 64 bytes"],
        across: Across::Classes,
        per: "a delivery",
    },
    Plot {
        file: "rewire-objects",
        caption: "One handler of one class is added or removed",
        topic: "rewire",
        titles: &["one handler, by objects"],
        across: Across::Objects,
        per: "a change",
    },
    Plot {
        file: "rewire-classes",
        caption: "All classes of a library are new code",
        topic: "rewire",
        titles: &["whole library, by classes"],
        across: Across::Objects,
        per: "a change",
    },
    Plot {
        file: "migration-objects",
        caption: "The state of all objects gets another layout",
        topic: "migration",
        titles: &["one field added"],
        across: Across::Objects,
        per: "an object",
    },
    Plot {
        file: "pause-objects",
        caption: "The game stands still for a reload, 8 classes",
        topic: "save_to_live",
        titles: &["reload pause, by objects (8 classes)"],
        across: Across::Objects,
        per: "a reload",
    },
    Plot {
        file: "pause-classes",
        caption: "The game stands still for a reload, 10000 objects",
        topic: "save_to_live",
        titles: &["reload pause, by classes (10000 objects)"],
        across: Across::Objects,
        per: "a reload",
    },
    Plot {
        file: "save-to-live-classes",
        caption: "From the save of one handler to running code",
        topic: "save_to_live",
        titles: &["save to live"],
        across: Across::Objects,
        per: "an edit",
    },
];

/// The objects of plots against the number of classes.
const OBJECTS: &str = "100000";

/// Of a drawing, in pixels: all of it, the margin, beside the vertical axis, and for the names at the right.
const WIDTH: u32 = 1_080;
const MARGIN: u32 = 12;
const LEFT: u32 = 84;
const NAMES: u32 = 230;

/// A contender and its points.
type Line = (String, Vec<(f64, f64)>);

impl Plot {
    /// The lines, in the order of the table.
    fn lines(&self, records: &[Record]) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for record in records.iter().filter(|record| self.titles.contains(&record.title.as_str())) {
            let across = match self.across {
                Across::Objects => record.column.parse().ok(),
                Across::Classes if record.column == OBJECTS => {
                    record.title.split(' ').next().and_then(|number| number.parse().ok())
                }
                Across::Classes => None,
            };
            let Some(across) = across else { continue };
            let at = lines.iter().position(|(name, _)| *name == record.contender).unwrap_or_else(|| {
                lines.push((record.contender.clone(), Vec::new()));
                lines.len() - 1
            });
            lines[at].1.push((across, record.nanoseconds));
        }
        for (_, points) in &mut lines {
            points.sort_by(|left, right| left.0.total_cmp(&right.0));
        }
        // One point is no growth.
        lines.retain(|(_, points)| points.len() > 1);
        lines
    }

    fn draw(&self, lines: &[Line], file: &Path) -> Result<(), Box<dyn Error>> {
        let points = || lines.iter().flat_map(|(_, points)| points);
        let range = |of: fn(&(f64, f64)) -> f64| {
            let (least, most) = points().map(of).fold((f64::MAX, f64::MIN), |(l, m), at| (l.min(at), m.max(at)));
            (least / 1.5, most * 1.5)
        };
        let ((left, right), (low, high)) = (range(|point| point.0), range(|point| point.1));
        let root = SVGBackend::new(file, (WIDTH, 540)).into_drawing_area();
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .caption(self.caption, ("sans-serif", 22))
            .margin(MARGIN)
            .margin_right(NAMES)
            .x_label_area_size(44)
            .y_label_area_size(LEFT)
            .build_cartesian_2d((left..right).log_scale(), (low..high).log_scale())?;
        let across = match (self.across, self.file.ends_with("classes")) {
            (Across::Objects, false) => "objects",
            _ => "classes",
        };
        chart
            .configure_mesh()
            .x_desc(across)
            .y_desc(format!("time for {}", self.per))
            .x_label_formatter(&|number| format!("{number:.0}"))
            .y_label_formatter(&|nanoseconds| with_unit(*nanoseconds))
            .draw()?;
        for (number, (name, points)) in lines.iter().enumerate() {
            let color = Palette99::pick(number).mix(1.0);
            let ours = name.starts_with("reload-core");
            let style = color.stroke_width(if ours { 4 } else { 2 });
            chart.draw_series(LineSeries::new(points.iter().copied(), style).point_size(3))?;
            // Beside the drawing, where no line is.
            let (x, y) = ((WIDTH - NAMES) as i32 + 10, 50 + 18 * number as i32);
            root.draw(&PathElement::new(vec![(x, y), (x + 18, y)], style))?;
            root.draw(&Text::new(name.as_str(), (x + 26, y - 6), ("sans-serif", 12)))?;
        }
        root.present()?;
        Ok(())
    }
}

/// `20 µs`: what is written beside the vertical axis is round.
fn with_unit(nanoseconds: f64) -> String {
    match nanoseconds {
        1e6.. => format!("{} ms", nanoseconds / 1e6),
        1e3.. => format!("{} µs", nanoseconds / 1e3),
        _ => format!("{nanoseconds} ns"),
    }
}

#[expect(clippy::print_stdout, reason = "says where the drawings are")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plots");
    std::fs::create_dir_all(&folder)?;
    for plot in &PLOTS {
        let Ok(text) = std::fs::read_to_string(measurements(plot.topic)) else {
            println!("{}: `cargo bench -p reload-benches --bench {}` has not been run", plot.file, plot.topic);
            continue;
        };
        let lines = plot.lines(&serde_json::from_str::<Vec<Record>>(&text)?);
        if lines.is_empty() {
            println!("{}: nothing in it was measured", plot.file);
            continue;
        }
        let file = folder.join(plot.file).with_extension("svg");
        plot.draw(&lines, &file)?;
        println!("{}: {} lines", plot.file, lines.len());
    }
    Ok(())
}
