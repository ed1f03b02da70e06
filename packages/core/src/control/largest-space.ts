/**
 * The size of a control buffer that no message of any family overflows. It is a constant because computing it would load the whole
 * table, and programs would start more slowly. A test compares it with the table.
 */
export const LARGEST_CONTROL_SPACE = 66_072;
