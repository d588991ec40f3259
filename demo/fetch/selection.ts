import type { Lock, LockedPackage } from '../lock/lock.ts'

/** Attributes that are small enough to be fetched before anybody asks. */
export function smallAttributes(lock: Lock): readonly string[] {
  return Object.keys(lock.attributes).filter((attribute) => !lock.attributes[attribute]?.big)
}

/**
 * All packages that building the attributes takes. @throws Error on an attribute that the set does not have.
 */
export function packagesFor(lock: Lock, attributes: readonly string[]): readonly LockedPackage[] {
  const units = new Set<string>()
  for (const attribute of attributes) {
    const unit = lock.attributes[attribute]?.unit
    if (unit === undefined) throw new Error(`the demo set has no '${attribute}' for ${lock.system}`)
    units.add(unit)
  }
  for (const unit of units) for (const required of lock.units[unit]?.requires ?? []) units.add(required)
  return [...units].flatMap((unit) => lock.units[unit]?.packages ?? [])
}
