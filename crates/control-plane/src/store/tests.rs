mod crash;
mod damage;
mod faults;
mod lock;
mod plain;
mod walk;
mod world;
