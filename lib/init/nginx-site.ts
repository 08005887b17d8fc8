import { type Address, anchorAddress, parseAddress, placeText } from '../listeners/address.js'
import { type Draft, renamed, type Served } from './served.js'

const TEMPLATE = 'config/deploy/nginx/shop.conf'
/** Hosts that stand for all addresses of the machine, and one of these. */
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
const DEFAULT: Address = { kind: 'tcp', host: '127.0.0.1', port: 8000 }
const KEPT = '  keepalive 32;\n'

/**
 * The tested site of this package for a project, in front of the address that it listens at.
 * @param isActivated  the socket unit of `unicorn init --systemd` binds, if the config file does not
 */
export function nginxSite(served: Served, isActivated: boolean): Draft {
  const { name } = served
  const address = addressOf(served, isActivated)
  const text = renamed(TEMPLATE, name)
    .replaceAll('$shop_connection', () => `$${name.replaceAll('-', '_')}_connection`)
    .replace(
      /^(?:#.*\n)+/,
      () => `# The site of ${name} behind nginx. Copy it to /etc/nginx/conf.d, and replace ${name}.example.\n`,
    )
    .replace(/server unix:\S+/, () => `server ${placeText(address)}`)
    // The config file need not know of nginx: so it is the side that closes.
    .replace(
      KEPT,
      () =>
        `${KEPT}  # Less than the keepAlive of unicorn (5 s by default), so that nginx is the side that closes them.\n  keepalive_timeout 4s;\n`,
    )
  return {
    path: `${name}.nginx.conf`,
    text: address.tls ? text.replaceAll('proxy_pass http:', 'proxy_pass https:') : text,
  }
}

function addressOf({ name, bind, directory }: Served, isActivated: boolean): Address {
  const address = bind === undefined ? undefined : anchorAddress(parseAddress(bind), directory)
  if (address?.kind === 'tcp') return { ...address, host: LOOPBACK[address.host] ?? address.host }
  if (address?.kind === 'unix') return address
  return address === undefined && !isActivated ? DEFAULT : { kind: 'unix', path: `/run/${name}.sock` }
}
