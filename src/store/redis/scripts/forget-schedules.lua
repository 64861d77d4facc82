-- Forgets all of one owner's schedules, sent or not; ids of those that were sent expire by themselves.
--
-- KEYS  due, payloads, plan
-- ARGV  user id
-- Gives how many there were.

local call = redis.call
local ids = call('ZRANGE', KEYS[3], 0, -1)
for _, id in ipairs(ids) do
  local member = ARGV[1] .. '.' .. id
  call('ZREM', KEYS[1], member)
  call('HDEL', KEYS[2], member)
end
call('DEL', KEYS[3])
return #ids
