import type { InterfaceName } from '../../config/interfaces.js'
import type { Application, ApplicationHost } from './application.js'
import { loadModuleApplication } from './module-application.js'

/** A kind of application: how it is known, and loaded. */
interface Kind {
  readonly name: string
  matches(spec: string, interfaceName: InterfaceName): boolean
  load(spec: string, interfaceName: InterfaceName, host: ApplicationHost): Promise<Application>
}

/** The first that matches loads it. */
const KINDS: readonly Kind[] = [{ name: 'JavaScript module', matches: () => true, load: loadModuleApplication }]

/**
 * Loads the application and makes it ready to be called.
 * @param spec  as the user wrote it: the setting `app`
 * @param interfaceName  the setting `interface`
 * @throws UnicornError with exit code 4: it is not found, fails to load, does not fit its interface, or does not become ready
 */
export function loadApplication(
  spec: string,
  interfaceName: InterfaceName,
  host: ApplicationHost,
): Promise<Application> {
  const kind = KINDS.find(({ matches }) => matches(spec, interfaceName))
  if (!kind) throw new Error(`no kind of application for ${spec}`)
  return kind.load(spec, interfaceName, host)
}
