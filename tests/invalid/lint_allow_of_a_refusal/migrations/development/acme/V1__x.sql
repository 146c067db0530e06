-- charter:allow CH412 it is late
SELECT 1;
-- charter:allow CH4129
SELECT 2;
