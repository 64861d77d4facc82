-- Retains a value of a topic, in place of what it has: src/store/decisions/retained.ts.
--
-- KEYS  values, order, counts, expiry (keys.ts)
-- ARGV  topic, owner, body, ms that it is kept (0: until it is replaced), what it counts, how many values an owner may have and their
--       bytes, the same of all, how many expired ones are removed
-- Gives its number, or of what there is no room.

-- include time.lua
-- include retained.lua
local topic, owner, body, life, counted = unpack(ARGV, 1, 5)
for _, expired in ipairs(call('ZRANGE', expiry, 0, nowMs, 'BYSCORE', 'LIMIT', 0, tonumber(ARGV[10]))) do takeRetained(expired) end
local owned, before = standingOf(topic)
local function exceeds(whose, isReplaced, valuesMax, bytesMax)
  local used = call('HMGET', counts, 'values ' .. whose, 'bytes ' .. whose)
  local more = isReplaced and 0 or 1
  local bytes = tonumber(counted) - (isReplaced and before or 0)
  return tonumber(used[1] or 0) + more > tonumber(valuesMax) or tonumber(used[2] or 0) + bytes > tonumber(bytesMax)
end
if exceeds(owner, owned == owner, ARGV[6], ARGV[7]) then return 'owner' end
if exceeds('', owned ~= nil, ARGV[8], ARGV[9]) then return 'all' end
takeRetained(topic)
local number = nextNumber()
local expires = tonumber(life) == 0 and 0 or nowMs + tonumber(life)
call('HSET', values, topic, string.format('%.0f %.0f %s %s\n', number, expires, counted, owner) .. body)
call('ZADD', order, 0, topic)
if expires > 0 then call('ZADD', expiry, expires, topic) end
countRetained(owner, 1, tonumber(counted))
return number
