-- Adds filters of sessions to a shard, and removes them: each that changes something has a number.
--
-- KEYS  filters of the shard, changes, version, order (keys.ts)
-- ARGV  how many changes are kept, and of each: the session and filter, '=' and its options ('': it is removed)
-- Gives the version.

-- include time.lua
local call = redis.call
local filters, changes, version, order = unpack(KEYS)
local number = tonumber(call('GET', version) or 0)
local function note(key, said)
  number = math.max(number + 1, nowMs * 1000)
  local id = string.format('%.0f', number)
  call('XADD', changes, 'MAXLEN', '~', ARGV[1], id .. '-0', 'k', key, 'o', said)
  call('SET', version, id)
end
for at = 2, #ARGV, 2 do
  local key, said = ARGV[at], ARGV[at + 1]
  if said == '' then
    if call('HDEL', filters, key) == 1 then
      call('ZREM', order, key)
      note(key, said)
    end
  elseif call('HGET', filters, key) ~= string.sub(said, 2) then
    call('HSET', filters, key, string.sub(said, 2))
    call('ZADD', order, 0, key)
    note(key, said)
  end
end
return number
