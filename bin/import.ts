/** Imports what a bundle imports: code that V8 has compiled before cannot do so by itself. */
export const importModule = (specifier: string): Promise<unknown> => import(specifier)
