-- An entry is bodies, each preceded by its length as a varint (src/codec/run.ts).
local byte = string.byte

-- Where the body after so many begins, from the first or another one.
local function placeAfter(entry, count, from)
  local at = from or 1
  for _ = 1, count do
    local length, scale, digit = 0, 1
    repeat
      digit = byte(entry, at)
      length = length + digit % 128 * scale
      scale = scale * 128
      at = at + 1
    until digit < 128
    at = at + length
  end
  return at
end

local function bodiesIn(entry)
  local at, bodies = 1, 0
  while at <= #entry do
    at = placeAfter(entry, 1, at)
    bodies = bodies + 1
  end
  return bodies
end
