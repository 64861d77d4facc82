-- Finds out whether what cim does can be done. What it writes expires at once.
--
-- KEYS  places of nothing else
-- ARGV  names of commands
-- Gives 1 for each key, or the error that whoever writes meets.

for _, name in ipairs(ARGV) do
  -- Of some commands all arguments are keys.
  if redis.acl_check_cmd and not redis.acl_check_cmd(name, KEYS[1], KEYS[1], KEYS[1]) then
    return redis.error_reply('NOPERM ' .. name)
  end
end
local written = {}
for place, key in ipairs(KEYS) do
  redis.call('SET', key, '', 'PX', 1)
  written[place] = 1
end
return written
