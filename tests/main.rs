//! Whole-system tests, one program: each theme is a module.

#[cfg(test)]
mod book;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod house;
#[cfg(test)]
mod relying_parties;
#[cfg(test)]
mod shell;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod soft_key;
#[cfg(test)]
mod support;
#[cfg(test)]
mod together;
