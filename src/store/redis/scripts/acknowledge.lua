-- Moves the cursors of devices.
--
-- KEYS  per acknowledgement: devices, head
-- ARGV  per acknowledgement: device, number
-- Gives 1 per acknowledgement.
--
-- A cursor moves forward, never beyond the head; one that is beyond it (a failover lost a tail) may move back. What a device unknown
-- here has shown counts for the next new device all the same. The hash of devices is described in open-session.lua.

local call, match, format = redis.call, string.match, string.format

local replies = {}
for item = 1, #KEYS / 2 do
  local devices = KEYS[item * 2 - 1]
  local field = '+' .. ARGV[item * 2 - 1]
  local head = tonumber(call('GET', KEYS[item * 2]) or 0)
  local seq = math.min(tonumber(ARGV[item * 2]), head)
  local known = call('HMGET', devices, field, 'shown')
  local number, cursor, rest = match(known[1] or '', '^(%d+):(%d+):(.+)$')
  local shown = tonumber(known[2] or 0)
  if number and (seq > tonumber(cursor) or tonumber(cursor) > head) then
    call('HSET', devices, field, format('%s:%d:%s', number, seq, rest))
  end
  if seq > shown or shown > head then call('HSET', devices, 'shown', format('%d', seq)) end
  replies[item] = 1
end
return replies
