/** The ways in which an application in JavaScript is called. */
export const INTERFACES = ['wsgi', 'node', 'fetch'] as const
export type Interface = (typeof INTERFACES)[number]

/** The ways in which an application in Python is called: WSGI (PEP 3333). */
export const PYTHON_INTERFACES = ['python'] as const
export type PythonInterface = (typeof PYTHON_INTERFACES)[number]

/** The setting `interface`: `auto` decides by what the export is. */
export type InterfaceName = 'auto' | Interface | PythonInterface

export function isPythonInterface(name: InterfaceName): name is PythonInterface {
  return PYTHON_INTERFACES.some(each => each === name)
}
