//! Writes that are kept beside a file.

use std::collections::BTreeMap;
use std::io;

use redb::StorageBackend;

/// Bytes per block.
const BLOCK: u64 = 4096;

/// How many blocks may be kept.
const LIMIT: usize = 16 * 1024 * 1024 / 4096;

/// How much is read and written at once.
const PIECE: usize = 1024 * 1024;

/// What the file should be and is not yet.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    /// The file's length as the database sees it; `None` for what it is.
    len: Option<u64>,
    /// What of the file still counts: less than its length after it was cut and grown again.
    base: Option<u64>,
    blocks: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    pub(super) fn len(&mut self, file: &dyn StorageBackend) -> io::Result<u64> {
        self.len.map_or_else(|| file.len(), Ok)
    }

    pub(super) fn set_len(&mut self, file: &dyn StorageBackend, len: u64) -> io::Result<()> {
        let base = self.base(file)?.min(len);
        self.base = Some(base);
        self.len = Some(len);
        self.blocks.retain(|block, _| block * BLOCK < len);
        // What was cut off within a block reads as zero should the file grow again.
        let within = usize::try_from(len % BLOCK).map_err(io::Error::other)?;
        if let Some(block) = self.blocks.get_mut(&(len / BLOCK)) {
            block.iter_mut().skip(within).for_each(|byte| *byte = 0);
        }
        Ok(())
    }

    pub(super) fn read(
        &mut self,
        file: &dyn StorageBackend,
        offset: u64,
        out: &mut [u8],
    ) -> io::Result<()> {
        let end = end_of(offset, out.len())?;
        if end > self.len(file)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read_base(file, offset, out)?;
        for (number, block) in self.blocks.range(offset / BLOCK..end.div_ceil(BLOCK)) {
            let start = number * BLOCK;
            let skip = usize::try_from(offset.saturating_sub(start)).map_err(io::Error::other)?;
            let at = usize::try_from(start.saturating_sub(offset)).map_err(io::Error::other)?;
            let source = block.get(skip..).unwrap_or_default();
            let target = out.get_mut(at..).unwrap_or_default();
            target
                .iter_mut()
                .zip(source)
                .for_each(|(to, from)| *to = *from);
        }
        Ok(())
    }

    pub(super) fn write(
        &mut self,
        file: &dyn StorageBackend,
        offset: u64,
        data: &[u8],
    ) -> io::Result<()> {
        let end = end_of(offset, data.len())?;
        for number in offset / BLOCK..end.div_ceil(BLOCK) {
            let start = number * BLOCK;
            let skip = usize::try_from(offset.saturating_sub(start)).map_err(io::Error::other)?;
            let at = usize::try_from(start.saturating_sub(offset)).map_err(io::Error::other)?;
            let block = self.block(file, number)?;
            let source = data.get(at..).unwrap_or_default();
            let target = block.get_mut(skip..).unwrap_or_default();
            target
                .iter_mut()
                .zip(source)
                .for_each(|(to, from)| *to = *from);
        }
        Ok(())
    }

    /// Writes all that counts of the file to where it is.
    pub(super) fn rewrite(&self, file: &dyn StorageBackend) -> io::Result<()> {
        let end = self.base(file)?;
        let mut offset = 0;
        while offset < end {
            let left = usize::try_from(end - offset).unwrap_or(PIECE);
            let mut piece = vec![0; left.min(PIECE)];
            file.read(offset, &mut piece)?;
            file.write(offset, &piece)?;
            offset = end_of(offset, piece.len())?;
        }
        Ok(())
    }

    /// Makes the file what it should be. The first block, which says which of the others count,
    /// comes last.
    pub(super) fn settle(&self, file: &dyn StorageBackend) -> io::Result<()> {
        let Some(len) = self.len.or_else(|| file.len().ok()) else {
            return file.sync_data();
        };
        if let Some(base) = self.base {
            file.set_len(base.min(file.len()?))?;
        }
        file.set_len(len)?;
        for (number, block) in self.blocks.iter().rev() {
            let start = number * BLOCK;
            if start == 0 {
                file.sync_data()?;
            }
            let within = usize::try_from(len.saturating_sub(start)).unwrap_or(usize::MAX);
            file.write(start, block.get(..within).unwrap_or(block))?;
        }
        file.sync_data()
    }

    fn base(&self, file: &dyn StorageBackend) -> io::Result<u64> {
        self.base.map_or_else(|| file.len(), Ok)
    }

    /// Reads the file, and zeros beyond what counts of it.
    fn read_base(&self, file: &dyn StorageBackend, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let counts = self.base(file)?.saturating_sub(offset);
        let counts = usize::try_from(counts).unwrap_or(usize::MAX).min(out.len());
        let (real, beyond) = out.split_at_mut(counts);
        beyond.fill(0);
        if real.is_empty() {
            return Ok(());
        }
        file.read(offset, real)
    }

    fn block(&mut self, file: &dyn StorageBackend, number: u64) -> io::Result<&mut Vec<u8>> {
        if !self.blocks.contains_key(&number) {
            if self.blocks.len() >= LIMIT {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let mut block = vec![0; usize::try_from(BLOCK).map_err(io::Error::other)?];
            self.read_base(file, number * BLOCK, &mut block)?;
            self.blocks.insert(number, block);
        }
        self.blocks
            .get_mut(&number)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn end_of(offset: u64, length: usize) -> io::Result<u64> {
    let length = u64::try_from(length).map_err(io::Error::other)?;
    offset
        .checked_add(length)
        .ok_or_else(|| io::ErrorKind::InvalidInput.into())
}
