/** Begins the line that tells what came of loading a module, behind the lines that the module itself wrote. */
export const OUTCOME = 'outcome: '
