-- Comes before a script that writes more than once: what its user may not do is refused before the first write, not between two. The
-- commands of the script are in `commands` (src/store/redis/scripts.ts).
if redis.acl_check_cmd then
  -- Of more items the keys are of the same kinds.
  for at = 1, math.min(#KEYS, 8) do
    for command in string.gmatch(commands, '%u+') do
      -- Of some commands all arguments are keys.
      if not redis.acl_check_cmd(command, KEYS[at], KEYS[at], KEYS[at]) then return redis.error_reply('NOPERM ' .. command) end
    end
  end
end
