/** The ways in which an application in JavaScript is called. */
export const INTERFACES = ['wsgi', 'node', 'fetch'] as const
export type Interface = (typeof INTERFACES)[number]

/** The ways in which an application in Python is called: ASGI, or what its callable is made for, WSGI or ASGI. */
export const PYTHON_INTERFACES = ['python', 'asgi'] as const
export type PythonInterface = (typeof PYTHON_INTERFACES)[number]

/** The setting `interface`: `auto` decides by what the export is. */
export type InterfaceName = 'auto' | Interface | PythonInterface

export function isPythonInterface(name: InterfaceName): name is PythonInterface {
  return PYTHON_INTERFACES.some(each => each === name)
}
