-- Finds what the user of this connection may not do.
--
-- ARGV  a key as cim has them, names of commands
-- Gives those that this user may not run on such a key.

local missing = {}
-- Redis 7.0 and later.
if not redis.acl_check_cmd then return missing end
for index = 2, #ARGV do
  -- Of some commands all arguments are keys.
  if not redis.acl_check_cmd(ARGV[index], ARGV[1], ARGV[1], ARGV[1]) then missing[#missing + 1] = ARGV[index] end
end
return missing
