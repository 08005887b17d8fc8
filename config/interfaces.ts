/** The ways in which an application is called. */
export const INTERFACES = ['wsgi', 'node', 'fetch'] as const
export type Interface = (typeof INTERFACES)[number]

/** The setting `interface`: `auto` decides by what the export is. */
export type InterfaceName = 'auto' | Interface
