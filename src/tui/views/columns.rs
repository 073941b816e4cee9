//! Columns of a list: which of them there is room for, and where they stand (tui.md §1, Sizes).

use ratatui::layout::Rect;

use crate::tui::draw::Canvas;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<C> {
    pub(crate) what: C,
    pub(crate) head: &'static str,
    pub(crate) width: u16,
    /// Its texts end at its right edge.
    pub(crate) right: bool,
    /// The order in which columns go where there is no room: 1 first; 0 never goes.
    pub(crate) goes: u8,
}

/// A column in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<C> {
    pub(crate) what: C,
    pub(crate) x: u16,
    pub(crate) width: u16,
    pub(crate) right: bool,
    pub(crate) head: &'static str,
}

/// Columns before the first: the selection and a mark.
pub(crate) const GUTTER: u16 = 2;

/// Puts the columns into so much width. The column `wide` takes what is left, at least its own
/// width; while there is less than that, columns go in their order, and what cannot go is cut.
pub(crate) fn place<C: Copy + PartialEq>(
    columns: &[Column<C>],
    hidden: &[C],
    wide: C,
    width: u16,
) -> Vec<Placed<C>> {
    let mut kept: Vec<&Column<C>> =
        columns.iter().filter(|column| !hidden.contains(&column.what)).collect();
    let needed = |kept: &[&Column<C>]| kept.iter().map(|column| column.width + 1).sum::<u16>();
    while needed(&kept) + GUTTER > width + 1 {
        let goes = kept.iter().filter(|column| column.goes > 0).map(|column| column.goes).min();
        let Some(goes) = goes else { break };
        kept.retain(|column| column.goes != goes);
    }
    let spare = (width + 1).saturating_sub(needed(&kept) + GUTTER);
    // What cannot go and has no room takes from the wide column, down to a few cells.
    let lacking = (needed(&kept) + GUTTER).saturating_sub(width + 1);
    let mut x = GUTTER;
    kept.iter()
        .map(|column| {
            let own = if column.what == wide {
                (column.width + spare).saturating_sub(lacking).max(LEAST)
            } else {
                column.width
            };
            let placed = Placed {
                what: column.what,
                x,
                width: own.min(width.saturating_sub(x)),
                right: column.right,
                head: column.head,
            };
            x = x.saturating_add(own + 1);
            placed
        })
        .collect()
}

/// No method is cut to less.
const LEAST: u16 = 6;

/// Draws the heads.
pub(crate) fn draw_heads<C>(canvas: &mut Canvas<'_>, line: Rect, placed: &[Placed<C>]) {
    let style = canvas.theme.faint();
    for column in placed {
        let x = line.x + column.x;
        if column.right {
            canvas.put_right(x, line.y, column.head, column.width, style);
        } else {
            canvas.put(x, line.y, column.head, column.width, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_in_their_order_and_the_wide_one_takes_the_rest() {
        let column = |what, width, goes| Column { what, head: "", width, right: false, goes };
        let columns = [column('a', 5, 0), column('m', 10, 0), column('x', 8, 2), column('y', 8, 1)];
        let names = |width| -> Vec<(char, u16, u16)> {
            place(&columns, &[], 'm', width).iter().map(|p| (p.what, p.x, p.width)).collect()
        };
        assert_eq!(names(40), [('a', 2, 5), ('m', 8, 14), ('x', 23, 8), ('y', 32, 8)]);
        assert_eq!(names(30), [('a', 2, 5), ('m', 8, 13), ('x', 22, 8)]);
        assert_eq!(names(20), [('a', 2, 5), ('m', 8, 12)]);
        assert_eq!(names(15), [('a', 2, 5), ('m', 8, 7)]);
    }
}
