//! Which bytes of a large text mean something: looked up in a table, of which nearly all say no.

/// True for these bytes.
pub(super) const fn table(of: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < of.len() {
        table[of[at] as usize] = true;
        at += 1;
    }
    table
}
