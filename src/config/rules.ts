import { z } from 'zod'

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
