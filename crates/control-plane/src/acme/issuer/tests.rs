mod authority;
mod failing;
mod renewing;
mod rig;
mod sharing;
mod wishing;
