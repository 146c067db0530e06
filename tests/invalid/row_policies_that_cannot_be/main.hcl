row_policy "own" {
  database = "shared"
  table    = ""
  using    = "1) TO ALL -- "
}

row_policy "other" {
  database = "shared"
  using    = "1; DROP ROW POLICY own ON shared.events"
}
