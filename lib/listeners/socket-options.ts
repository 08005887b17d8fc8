/** How sockets are bound. */
export interface SocketOptions {
  /** How many connections the kernel queues at most. */
  readonly backlog: number
  /** Whether the connections of TCP sockets are TLS, where the address does not say. */
  readonly securesTcp?: boolean
  /** Whether other servers of this user may bind a TCP port too, and share its connections. */
  readonly reusePort?: boolean
  /** Whether `[::]` takes connections of IPv6 alone. */
  readonly ipv6Only?: boolean
  /** Of unix sockets at a path: the permissions that they lack. */
  readonly umask?: number | undefined
  /** Of unix sockets at a path. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined
}
