/** Node's own classes, which this gateway replaces by lighter ones on the global object. */
export const NativeHeaders: typeof globalThis.Headers = globalThis.Headers
export const NativeRequest: typeof globalThis.Request = globalThis.Request
export const NativeResponse: typeof globalThis.Response = globalThis.Response

export type HeadersInit = ConstructorParameters<typeof NativeHeaders>[0]
export type BodyInit = ConstructorParameters<typeof NativeResponse>[0]

type Class = { readonly prototype: object }

/** Makes `light` a subclass of `native`: members that it lacks forward to the native object that `nativeOf` makes. */
export function inherit<Light>(light: Class, native: Class, nativeOf: (self: Light) => object): void {
  for (const key of Reflect.ownKeys(native.prototype)) {
    if (Object.hasOwn(light.prototype, key)) continue
    const { get, value } = Object.getOwnPropertyDescriptor(native.prototype, key) ?? {}
    const forwarding = get ? getter(key, nativeOf) : typeof value === 'function' && method(key, nativeOf)
    if (forwarding) Object.defineProperty(light.prototype, key, { ...forwarding, configurable: true })
  }
  Object.setPrototypeOf(light.prototype, native.prototype)
}

function getter<Light>(key: PropertyKey, nativeOf: (self: Light) => object): PropertyDescriptor {
  function get(this: Light): unknown {
    return Reflect.get(nativeOf(this), key)
  }
  return { get, enumerable: true }
}

function method<Light>(key: PropertyKey, nativeOf: (self: Light) => object): PropertyDescriptor {
  function value(this: Light, ...args: unknown[]): unknown {
    const native = nativeOf(this)
    return Reflect.apply(Reflect.get(native, key), native, args)
  }
  return { value, writable: true }
}
