//! A B A B: two measurements taken in turn, so that a machine that slows down slows both.

/// Medians of both sides, and of the ratio A/B taken pair by pair.
pub type Compared = (f64, f64, f64);

/// Takes both measurements `rounds` times in turn.
pub fn in_turn<E>(
    rounds: usize,
    mut ours: impl FnMut() -> Result<f64, E>,
    mut theirs: impl FnMut() -> Result<f64, E>,
) -> Result<Compared, E> {
    let (mut left, mut right, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (a, b) = (ours()?, theirs()?);
        left.push(a);
        right.push(b);
        ratios.push(a / b);
    }
    Ok((median(left), median(right), median(ratios)))
}

/// The middle one. Nothing in, nothing out: not a number.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs `work` and tells how long it took, in microseconds.
pub fn micros<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = std::time::Instant::now();
    let done = work();
    (done, start.elapsed().as_secs_f64() * 1e6)
}
