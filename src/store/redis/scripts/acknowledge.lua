-- Moves the cursors of devices: src/store/decisions/session.ts.
--
-- KEYS  per acknowledgement: devices, head, talk
-- ARGV  per acknowledgement: device, number
-- Gives 1 per acknowledgement.
--
-- What a device unknown here has shown counts for the next new device all the same. The hash of devices is described in
-- open-session.lua, what else uses `shown` in append.lua.

-- include cursor.lua

local call = redis.call
local replies = {}
for item = 1, #KEYS / 3 do
  local talk, head, seq = KEYS[item * 3], tonumber(call('GET', KEYS[item * 3 - 1]) or 0), tonumber(ARGV[item * 2])
  moveCursor(KEYS[item * 3 - 2], '+' .. ARGV[item * 2 - 1], seq, head)
  local shown, reached = tonumber(call('HGET', talk, 'shown') or 0), math.min(seq, head)
  if reached > shown or shown > head then call('HSET', talk, 'shown', string.format('%d', reached)) end
  replies[item] = 1
end
return replies
