migrations "global" {}
