-- Gives an operator another password or role, and the next generation.
--
-- KEYS  the operators: name → the record as JSON
-- ARGV  its name, what changes as JSON
-- Gives 1; 0: there is none of that name.

local standing = redis.call('HGET', KEYS[1], ARGV[1])
if not standing then return 0 end
local operator = cjson.decode(standing)
for field, value in pairs(cjson.decode(ARGV[2])) do operator[field] = value end
operator.generation = operator.generation + 1
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(operator))
return 1
