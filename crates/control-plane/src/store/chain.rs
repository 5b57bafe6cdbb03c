//! What is whole of a directory of revisions.

use std::collections::BTreeMap;
use std::path::Path;

use super::frame::{Checksum, END, Unframed, unframe};
use super::layers::Layers;
use super::name::{Name, Part};
use super::record::{Confirmation, Record};
use super::text::{Head, confirmation, layers, record};
use super::{LARGEST, StoreError};
use crate::durable::{Disk, Found};

/// A file that is not served, and why.
pub(super) struct Fault {
    pub(super) name: Name,
    pub(super) why: &'static str,
}

/// Records that follow each other without a gap.
pub(super) struct Chain {
    /// The revision that the first of them follows.
    pub(super) base: Head,
    /// All objects after that.
    pub(super) layers: Layers,
    /// Oldest first.
    pub(super) records: Vec<Record>,
    /// The last revision.
    pub(super) head: Head,
    /// What is in none of this, and in nobody's way.
    pub(super) faults: Vec<Fault>,
}

struct Link {
    record: Record,
    follows: Head,
    checksum: Checksum,
}

/// The chain that comes the farthest; of several the one that begins first. It begins with nothing, or with a file of
/// all objects. So a file of all objects that is damaged is no loss as long as there is an older one, and a record that is
/// damaged is no loss but of history where there is a younger one.
///
/// # Errors
/// A file cannot be read, or is of a later format. That says nothing about what is in it.
pub(super) fn read(disk: &impl Disk, dir: &Path, names: &[Name]) -> Result<Chain, StoreError> {
    let mut shelf = Shelf { disk, dir, faults: Vec::new(), links: BTreeMap::new() };
    let mut whole = Vec::new();
    let mut confirmations = Vec::new();
    for name in names {
        match name.part {
            Part::Record => shelf.read_record(*name)?,
            Part::Layers if shelf.body(*name)?.is_some() => whole.push(*name),
            Part::Confirmation => confirmations.extend(shelf.read_confirmation(*name)?),
            Part::Layers => {}
        }
    }
    let (base, layers, head) = shelf.farthest(&whole)?;
    Ok(shelf.into_chain(base, layers, head, confirmations))
}

struct Shelf<'a, D> {
    disk: &'a D,
    dir: &'a Path,
    faults: Vec<Fault>,
    links: BTreeMap<u64, Link>,
}

impl<D: Disk> Shelf<'_, D> {
    /// What a file's frame holds; `None` where that is of no use, which is noted.
    fn body(&mut self, name: Name) -> Result<Option<(Vec<u8>, Checksum)>, StoreError> {
        let path = self.dir.join(name.to_string());
        let mut content = match self.disk.read(&path, LARGEST).map_err(StoreError::of(&path))? {
            Found::Bytes(content) => content,
            Found::TooLarge => return Ok(self.fault(name, "is too large")),
            Found::NotAFile => return Ok(self.fault(name, "is no regular file")),
        };
        let (length, checksum) = match unframe(&content) {
            Ok((body, checksum)) => (body.len(), checksum),
            Err(Unframed::Later(format)) => return Err(StoreError::Later { path, format }),
            Err(Unframed::Damaged) => return Ok(self.fault(name, "is damaged")),
        };
        content.truncate(content.len() - END.len());
        content.drain(..content.len() - length);
        Ok(Some((content, checksum)))
    }

    fn read_record(&mut self, name: Name) -> Result<(), StoreError> {
        let Some((body, checksum)) = self.body(name)? else { return Ok(()) };
        match record(&body) {
            Some((record, follows)) if record.number == name.number => {
                self.links.insert(name.number, Link { record, follows, checksum });
            }
            _ => drop(self.fault::<()>(name, "is not the record of that revision")),
        }
        Ok(())
    }

    fn read_confirmation(&mut self, name: Name) -> Result<Option<(Head, Confirmation)>, StoreError> {
        let Some((body, _)) = self.body(name)? else { return Ok(None) };
        Ok(confirmation(&body)
            .filter(|(of, _)| of.number == name.number)
            .or_else(|| self.fault(name, "is not the confirmation of that revision")))
    }

    /// Where the chain begins that comes the farthest, and where it ends.
    fn farthest(&mut self, whole: &[Name]) -> Result<(Head, Layers, Head), StoreError> {
        let highest = self.links.keys().copied().chain(whole.iter().map(|name| name.number)).max();
        let mut best = (Head::none(), Layers::default(), self.follow(Head::none()));
        for name in whole {
            if Some(best.2.number) == highest {
                break;
            }
            let Some((body, _)) = self.body(*name)? else { continue };
            match layers(&body) {
                Some((base, layers)) if base.number == name.number => {
                    let head = self.follow(base);
                    if head.number > best.2.number {
                        best = (base, layers, head);
                    }
                }
                _ => drop(self.fault::<()>(*name, "does not hold the objects of that revision")),
            }
        }
        Ok(best)
    }

    fn follow(&self, base: Head) -> Head {
        let mut head = base;
        for (number, link) in self.after(base.number) {
            if link.follows != head {
                break;
            }
            head = Head { number: *number, checksum: link.checksum };
        }
        head
    }

    fn after(&self, number: u64) -> impl Iterator<Item = (&u64, &Link)> {
        self.links.range(number.saturating_add(1)..)
    }

    fn into_chain(
        mut self,
        base: Head,
        layers: Layers,
        head: Head,
        confirmations: Vec<(Head, Confirmation)>,
    ) -> Chain {
        let beyond = self.after(head.number).map(|(number, _)| Name::record(*number));
        let beyond = beyond.map(|name| Fault { name, why: "does not follow what is whole" });
        let mut faults: Vec<_> = beyond.collect();
        for (of, confirmation) in confirmations {
            match self.links.get_mut(&of.number) {
                Some(link) if of.number <= head.number && link.checksum == of.checksum => {
                    link.record.confirmed = Some(confirmation);
                }
                _ if of.number <= base.number => {}
                _ => faults.push(Fault {
                    name: Name::confirmation(of.number),
                    why: "confirms a revision that is not there",
                }),
            }
        }
        faults.append(&mut self.faults);
        faults.sort_by_key(|fault| fault.name);
        faults.dedup_by_key(|fault| fault.name);
        let links = self.links.into_values().map(|link| link.record);
        let kept = |record: &Record| record.number > base.number && record.number <= head.number;
        Chain { base, layers, records: links.filter(kept).collect(), head, faults }
    }

    fn fault<T>(&mut self, name: Name, why: &'static str) -> Option<T> {
        self.faults.push(Fault { name, why });
        None
    }
}
