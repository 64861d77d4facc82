-- Forgets schedules that were sent, and remembers their ids for a while.
--
-- KEYS  per schedule: due, payloads, sent
-- ARGV  how long to remember, in ms, then per schedule: member
-- Gives 1 per schedule.

local replies = {}
for item = 1, #KEYS / 3 do
  local due, payloads, sent = unpack(KEYS, item * 3 - 2, item * 3)
  local member = ARGV[item + 1]
  -- Only what existed: otherwise a stranger's guess would occupy an id.
  if redis.call('ZREM', due, member) == 1 then
    redis.call('HDEL', payloads, member)
    redis.call('SET', sent, '', 'PX', ARGV[1])
  end
  replies[item] = 1
end
return replies
