import { z } from 'zod'

/** In seconds. */
export const week = 7 * 24 * 3600

/** What values of variables look like; the message says how, after the variable's name. */
export const text = z.string().min(1, 'is empty')

export const url = z.url('must be a URL')

export const integer = (least: number, most: number) => {
  const rule = `must be a whole number from ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,15}$/, rule)
    .transform(Number)
    .refine((value) => value >= least && value <= most, rule)
}

export const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
)

export const yesOrNo = z
  .enum(['true', 'false', '1', '0'], "must be 'true' or 'false'")
  .transform((value) => value === 'true' || value === '1')

const units = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }
/** `500M`, `100G`: bytes. */
export const bytes = z
  .string()
  .regex(/^\d{1,12}[KMGT]?$/, 'must be a number of bytes, such as 500M or 10G')
  .transform((value) => Number.parseInt(value, 10) * units[value.replace(/\d+/, '') as keyof typeof units])

const secondsOf = { s: 1, min: 60, h: 3600, d: 86_400 }
/** `90s`, `15min`, `12h`, `30d`: seconds. Without a unit, seconds too. */
export const duration = (least: number, most = Infinity) => {
  const bounds = most === Infinity ? `${least}s on` : `${least}s to ${most / secondsOf.d}d`
  const rule = `must be a whole number of s, min, h or d from ${bounds}, such as 12h`
  return z
    .string()
    .regex(/^\d{1,9}(s|min|h|d)?$/, rule)
    .transform((value) => {
      const unit = value.replace(/^\d+/, '') || 's'
      return Number.parseInt(value, 10) * secondsOf[unit as keyof typeof secondsOf]
    })
    .refine((seconds) => seconds >= least && seconds <= most, rule)
}
