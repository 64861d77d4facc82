-- Of an entry that has the total of its conversation (append.lua).

-- The number of its first message.
local function beginsAt(entry)
  return tonumber(string.match(entry[1], '^%d+')) - bodiesIn(entry[2][2]) + 1
end

-- totalAt of src/store/decisions/conversation.ts.
local function totalAt(entry, seq)
  local total = tonumber(entry[2][4])
  if entry[2][3] == 's' then return total end
  return total - math.min(tonumber(string.match(entry[1], '^%d+')) - seq, bodiesIn(entry[2][2]))
end
